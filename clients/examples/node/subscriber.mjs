// Subscribe from Node: node subscriber.mjs [HOST:PORT [FRAMES]]
import { readFileSync } from "node:fs";
import { decode } from "@msgpack/msgpack";
import { Subscriber } from "zeromq";

const [address = "127.0.0.1:5555", frames = "Infinity"] = process.argv.slice(2);
const socket = new Subscriber();
if (process.env.ACBRIDGE_KEY) {
  // The daemon has keys: docs/guides/security.md
  const key = (file, kind) => readFileSync(file, "utf8").match(`${kind}-key = "(.*)"`)[1];
  socket.curvePublicKey = key(process.env.ACBRIDGE_KEY, "public");
  socket.curveSecretKey = key(process.env.ACBRIDGE_KEY, "secret");
  socket.curveServerKey = key(process.env.ACBRIDGE_SERVER_KEY, "public");
}
socket.connect(`tcp://${address}`);
socket.subscribe("physics");

let left = Number(frames);
for await (const [, payload] of socket) {
  // tick, seq and mono_ns are 64-bit integers and become BigInt: mono_ns counts nanoseconds since the machine started
  // and passes 2 ** 53, where a number stops being exact, after 104 days. timestamp is a float64 and stays a number.
  const frame = decode(payload, { useBigInt64: true });
  // JSON knows no BigInt: JSON.stringify(frame) throws. Write those three as text, as `exact` does, or as numbers.
  const exact = (_, value) => (typeof value === "bigint" ? String(value) : value);
  if (process.env.ACBRIDGE_JSON) console.log(JSON.stringify(frame, exact));
  const sampled = new Date(frame.timestamp * 1000).toISOString();
  console.log(`${sampled}  ${frame.speedKmh.toFixed(1)} km/h, gear ${frame.gear - 1}`);
  if (--left <= 0) break;
}
socket.close();
