import { createElement } from "react";

export const metadata = { title: "Thalweg in Next.js" };

export default function Layout({ children }) {
  return createElement("html", { lang: "en" }, createElement("body", null, children));
}
