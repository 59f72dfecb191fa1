// The cost of scores for labels: −ln softmax(scores) at the label.
import type { Writer } from "./call.js";

export const crossEntropy: Writer<"cross_entropy"> = (call) => {
  if (call.name !== "cross_entropy") return call.refuse("it is a derivative; ONNX has no such operator");
  const { graph, y } = call;
  const logarithms = graph.node("LogSoftmax", [call.read("y")], { axis: { int: 1 } });
  const column = graph.reshape(call.read("target"), [y.size, 1]);
  const own = graph.node("GatherElements", [logarithms, column], { axis: { int: 1 } });
  return graph.node("Neg", [graph.reshape(own, y.shape)]);
};
