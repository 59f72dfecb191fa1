import { Piscina } from "piscina";

const pool = new Piscina({ filename: new URL("./task.mjs", import.meta.url).href, maxThreads: 2 });
const trained = await Promise.all([pool.run(), pool.run(), pool.run()]);
for (const losses of trained) console.log(JSON.stringify(losses));
await pool.destroy();
