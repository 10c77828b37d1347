import { button, element } from "./dom.ts";
import { keySheet } from "./keyboard.ts";

/** The dialog that lists the keys; `showModal` and Escape are the browser's. */
export function createKeySheet(): HTMLDialogElement {
  const sheet = element(
    "dialog",
    { class: "keys", "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    element(
      "dl",
      {},
      ...keySheet.flatMap(([keys, does]) => [
        element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))),
        element("dd", {}, does),
      ]),
    ),
    button("Close", () => sheet.close(), { class: "secondary" }),
  );
  return sheet;
}
