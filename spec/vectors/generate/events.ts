/** Texts of events: what is stored for them, or the code and offset of the refusal. */
export function eventVectors(): object {
  return {
    source: "written by hand from spec/ledger.md section 3",
    description:
      "Events that come as JSON text: what is stored, or the code, and for JSON_ codes the " +
      "offset in UTF-16 units. asStrings is what is stored when inexact numbers are kept as " +
      "strings.",
    accepted: [...stored(), ...verbatim().map((text) => ({ text, stored: text }))],
    refused: [...notJson(), ...notAnEvent()],
    inexactNumbers: inexact(),
  };
}

function stored(): object[] {
  return [
    {
      text: ' { "type" : "a" , "data" : [ 1 , { } ] }\r\n\t',
      stored: '{"type":"a","data":[1,{}]}',
    },
    { text: '{"type":"a","text":" a  b "}\n', stored: '{"type":"a","text":" a  b "}' },
  ];
}

/** Stored as they came: nothing is spelt anew, sorted or rounded. */
function verbatim(): string[] {
  return [
    '{"type":"tool.call"}',
    '{"z":1,"type":"a","b":2,"10":3,"9":4}',
    '{"type":"a-b_c.0.d"}',
    `{"type":"${"a".repeat(128)}"}`,
    `{"type":"a","id":"${"é".repeat(512)}"}`,
    '{"type":"a","id":"i","agent":"a","session":"s","parent":"p","data":null}',
    '{"type":"a","unknown":{"member":true}}',
    '{"type":"a","text":"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\"}',
    '{"type":"a","text":"\\ud83d\\ude00 😀 \u007f\u2028\ufeff"}',
    '{"type":"a","__proto__":{"toString":1}}',
    '{"type":"a","n":[0,-0,-0.0,1.0,1e2,1E+2,0.1,1e-7,1e21,5e-324]}',
    '{"type":"a","n":[9007199254740991,-9007199254740992]}',
    `{"type":"a","data":${"[".repeat(127)}${"]".repeat(127)}}`,
    '{"type":"stele"}',
  ];
}

interface Refused {
  readonly text: string;
  readonly code: string;
  readonly offset?: number;
}

function notJson(): Refused[] {
  const syntax = (text: string, offset: number): Refused => ({ text, code: "JSON_SYNTAX", offset });
  return [
    syntax("", 0),
    syntax('{"type":"a"', 11),
    syntax('{"type":"a",}', 12),
    syntax('{"type":"a"} {}', 13),
    syntax("{'type':'a'}", 1),
    syntax('{type:"a"}', 1),
    syntax('{"type":"a"/**/}', 11),
    syntax('{"type":"a","n":01}', 17),
    syntax('{"type":"a","n":.5}', 16),
    syntax('{"type":"a","n":1.}', 18),
    syntax('{"type":"a","n":+1}', 16),
    syntax('{"type":"a","n":NaN}', 16),
    syntax('{"type":"a","n":[1,]}', 19),
    syntax('{"type":"a\tb"}', 10),
    syntax('{"type":"\\x41"}', 10),
    syntax('{"type":"\\u12"}', 13),
    syntax('\ufeff{"type":"a"}', 0),
    syntax('{"type":"a"}\u00a0', 12),
    { text: '{"type":"a","type":"b"}', code: "JSON_DUPLICATE_KEY", offset: 12 },
    { text: '{"type":"a","d":{"x":1,"\\u0078":2}}', code: "JSON_DUPLICATE_KEY", offset: 23 },
    { text: '{"type":"a","__proto__":1,"__proto__":2}', code: "JSON_DUPLICATE_KEY", offset: 26 },
    { text: '{"type":"\\ud800"}', code: "JSON_LONE_SURROGATE", offset: 9 },
    { text: '{"type":"a\\udc00\\ud800"}', code: "JSON_LONE_SURROGATE", offset: 10 },
    { text: '{"type":"a","n":9007199254740993}', code: "JSON_NUMBER_INEXACT", offset: 16 },
    { text: '{"type":"a","n":1e400}', code: "JSON_NUMBER_INEXACT", offset: 16 },
    { text: '{"type":"a","n":0.10000000000000000001}', code: "JSON_NUMBER_INEXACT", offset: 16 },
    { text: '{"type":"a","n":1e-400}', code: "JSON_NUMBER_INEXACT", offset: 16 },
    {
      text: `{"type":"a","data":${"[".repeat(128)}${"]".repeat(128)}}`,
      code: "JSON_TOO_DEEP",
      offset: 19 + 127,
    },
  ];
}

function notAnEvent(): Refused[] {
  const texts = [
    "null",
    "[]",
    '"a"',
    "{}",
    '{"type":""}',
    '{"type":1}',
    '{"type":"A"}',
    '{"type":".a"}',
    '{"type":"a."}',
    '{"type":"a..b"}',
    '{"type":"a b"}',
    `{"type":"${"a".repeat(129)}"}`,
    '{"type":"a","id":""}',
    '{"type":"a","id":1}',
    '{"type":"a","agent":null}',
    '{"type":"a","session":["s"]}',
    `{"type":"a","parent":"${"p".repeat(513)}"}`,
    '{"type":"a","content":{}}',
    '{"type":"a","content":null}',
  ];
  return texts.map((text) => ({ text, code: "EVENT_INVALID" }));
}

function inexact(): object[] {
  return [
    { text: '{"type":"a","n":9007199254740993}', asStrings: '{"type":"a","n":"9007199254740993"}' },
    { text: '{"type":"a","n":[1, -1e400 ]}', asStrings: '{"type":"a","n":[1,"-1e400"]}' },
    { text: '{"type":"a","n":1.0}', asStrings: '{"type":"a","n":1.0}' },
  ];
}
