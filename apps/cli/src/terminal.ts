import { printableJson, printableLines } from '#platform/watching/printable';

/** Prints the answer of a command, on standard output. */
export function print(text: string): void {
  console.log(printableLines(text));
}

/** Prints the answer of a command as JSON, on standard output. */
export function printJson(value: unknown, indent?: number): void {
  console.log(printableJson(JSON.stringify(value, null, indent)));
}

/** Says something to the person at the terminal, on standard error: standard output may be read by a program. */
export function say(text: string): void {
  console.error(printableLines(text));
}

/** Prints CSV as it is, for a program; a terminal gets it without what could control it. */
export function printCsv(text: string): void {
  process.stdout.write(process.stdout.isTTY ? printableLines(text.replaceAll('\r\n', '\n')) : text);
}
