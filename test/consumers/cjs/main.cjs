const thalweg = require("thalweg");
const { trainAndPrint } = require("./train.cjs");

trainAndPrint(thalweg);
