import * as thalweg from "thalweg";
import { train } from "../../../train.mjs";

export const dynamic = "force-dynamic";

export async function GET() {
  return Response.json(await train(thalweg));
}
