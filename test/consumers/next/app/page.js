export default function Page() {
  return "See /api/train.";
}
