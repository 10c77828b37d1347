/** Shell integration brackets a command's output with OSC 633 and OSC 133 marks (`ESC ] 633 ; … BEL`); programs do not print these. */
const shellMark = /\x1b\](?:633|133);[^\x07\x1b]*(?:\x07|\x1b\\)/g;

/** Terminal output without the shell's marks; everything that the program printed stays. */
export function withoutShellMarks(data: string): string {
  return data.replace(shellMark, "");
}
