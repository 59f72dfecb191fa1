import { parseEvents } from "../../lib/tensorboard/index.js";
import { frame } from "../../lib/tensorboard/records.js";
import { encodeMessage } from "../../lib/tensorboard/schema.js";
import { readsMutatedFiles } from "../formats/hostile.js";

const whole = (() => {
  const summary = {
    value: [
      { tag: "loss", simpleValue: 0.5 },
      {
        tag: "h",
        histo: { min: 0, max: 1, num: 2, sum: 1, sumSquares: 1, bucketLimit: [0, 1], bucket: [0, 2] },
      },
      { tag: "t", tensor: { dtype: 7, stringVal: [Buffer.from("text")] } },
    ],
  };
  return encodeMessage("test", "Event", { wallTime: 1, step: 3, summary });
})();
readsMutatedFiles({
  name: "events",
  files: { records: Buffer.concat([frame("test", whole), frame("test", whole)]) },
  read: (bytes) => parseEvents(bytes),
});
readsMutatedFiles({
  name: "events within right checksums",
  files: { event: whole },
  read: (bytes) => parseEvents(frame("test", bytes)),
});
