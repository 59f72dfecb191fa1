const { app } = require("electron");
const thalweg = require("thalweg");
const { trainAndPrint } = require("./train.cjs");

app.disableHardwareAcceleration();
app
  .whenReady()
  .then(() => trainAndPrint(thalweg))
  .then(
    () => app.exit(0),
    (error) => {
      console.error(error);
      app.exit(1);
    },
  );
