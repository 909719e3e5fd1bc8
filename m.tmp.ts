import fs from "node:fs"; import crypto from "node:crypto";
import { SegmentChecker } from "@stele/core/checker"; import { checkedHash } from "@stele/core/ledger"; import { checkJsonObject } from "@stele/core/json"; import { Frontier } from "@stele/core/frontier";
import { parseVerifierKey } from "@stele/core/key"; import { nodeEd25519, nodeHasher } from "@stele/store/node";
const prim={...nodeHasher,...nodeEd25519}; const dir="/tmp/perf/j"; const m=JSON.parse(fs.readFileSync(dir+"/stele.json","utf8")); const key=parseVerifierKey(prim,m.publicKey);
const f=fs.readdirSync(dir+"/ledger")[3]!; const raw=fs.readFileSync(dir+"/ledger/"+f); const buf=new Uint8Array(raw.length+1); buf.set(raw,1);
const lines:[number,number][]=[]; for(let p=1;p<buf.length;){const n=buf.indexOf(10,p); lines.push([p,n]); p=n+1;}
const entries=lines.filter(([s])=>buf[s+4]===0x71); console.log(lines.length, entries.length, raw.length/lines.length);
function time(name:string, fn:()=>void){ fn(); const c=process.cpuUsage(); fn(); const d=process.cpuUsage(c); const us=d.user+d.system; console.log(name.padEnd(30),(us/entries.length).toFixed(3),"us/line", (raw.length/us).toFixed(0),"MB/s"); }
time("indexOf", ()=>{for(let p=1;p<buf.length;){const n=buf.indexOf(10,p); p=n+1;}});
time("checkedHash", ()=>{for(const [s,e] of entries) checkedHash(prim,buf,s,e)});
time("raw crypto.hash", ()=>{for(const [s,e] of entries) crypto.hash("sha256",buf.subarray(s-1,e-74),"hex")});
time("json", ()=>{for(const [s,e] of entries) {checkJsonObject(buf,buf.indexOf(0x7b,s+130),e-75)}});
time("frontier", ()=>{const fr=new Frontier(prim); const h=m.h??("ab".repeat(32)) as any; for(let i=0;i<entries.length;i++) fr.append(h)});
const noSig={...prim,verify:()=>true};
time("checker no sig", ()=>{const c=new SegmentChecker(noSig,key,buf.subarray(...lines[0]!)); for(let i=1;i<lines.length;i++){const r=c.check(buf,lines[i]![0],lines[i]![1]); if(r) throw new Error(JSON.stringify(r));}});
time("checker", ()=>{const c=new SegmentChecker(prim,key,buf.subarray(...lines[0]!)); for(let i=1;i<lines.length;i++){const r=c.check(buf,lines[i]![0],lines[i]![1]); if(r) throw new Error(JSON.stringify(r));}});
