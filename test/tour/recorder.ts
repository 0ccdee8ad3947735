import { Session } from 'node:inspector/promises';
import { findSourceMap } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A function of Lading that ran. */
export interface Ran {
  /** Of the source, from the top of the checkout. */
  readonly file: string;
  /** As the engine names it: `LedgerWriter.add` is `add`; a function without a name is `(anonymous)`. */
  readonly name: string;
  /** Where it begins in the source, from 1. */
  readonly line: number;
}

interface Compiled extends Ran {
  readonly scriptId: string;
  /** Where its body is, in characters of the compiled script. */
  readonly start: number;
  readonly end: number;
}

const BUILT = /^(.*\/)dist\/((?:apps|libs)\/.+)\.js$/;
const RECORD = '__ladingTour';

/**
 * Says which functions of this process run while something happens, and in which order they run first.
 *
 * V8's precise coverage counts every call but keeps no order. So the same thing has to happen twice: the coverage of the first
 * time says which functions run; the second time each of them has a breakpoint whose condition writes its number down and is
 * never true, so that nothing ever stops.
 */
export class Recorder {
  readonly #session = new Session();
  /** Character positions at which the lines of a script begin. */
  readonly #lines = new Map<string, readonly number[]>();

  async open(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Debugger.enable');
  }

  close(): void {
    this.#session.disconnect();
  }

  /**
   * The functions that ran each time, in the order in which they ran first.
   * @param happens what is recorded. What happens besides (a timer, a health check) is left out, unless it does so every time
   * @param times how often it is counted, before the one time for the order
   */
  async record(happens: () => Promise<void>, times = 3): Promise<Ran[]> {
    let ran: Map<string, Compiled> | undefined;
    for (let time = 0; time < times; time++) {
      const now = await this.#covered(happens);
      ran = ran === undefined ? now : new Map([...ran].filter(([key]) => now.has(key)));
    }
    return this.#ordered([...(ran?.values() ?? [])], happens);
  }

  async #covered(happens: () => Promise<void>): Promise<Map<string, Compiled>> {
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    try {
      // To count holds the process for so long that what runs every second is due each time: it runs now, before anything is looked at.
      await sleep(100);
      await this.#session.post('Profiler.takePreciseCoverage');
      await happens();
      const { result } = await this.#session.post('Profiler.takePreciseCoverage');
      const found = new Map<string, Compiled>();
      for (const { url, scriptId, functions } of result) {
        if (!BUILT.test(url)) continue;
        for (const { functionName, ranges } of functions) {
          const [range] = ranges;
          // The function without a name that begins at 0 is the module itself.
          if (range === undefined || range.count === 0 || (functionName === '' && range.startOffset === 0)) continue;
          const { startOffset: start, endOffset: end } = range;
          const line = await this.#sourceLine(url, scriptId, start);
          const file = url.replace(BUILT, '$2.ts');
          found.set(`${scriptId}:${start}`, { file, name: functionName || '(anonymous)', line, scriptId, start, end });
        }
      }
      return found;
    } finally {
      await this.#session.post('Profiler.stopPreciseCoverage');
    }
  }

  async #ordered(functions: readonly Compiled[], happens: () => Promise<void>): Promise<Ran[]> {
    const order = new Set<number>();
    Object.assign(globalThis, { [RECORD]: order });
    const breakpoints: string[] = [];
    try {
      for (const [index, { scriptId, start, end }] of functions.entries()) {
        const { locations } = await this.#session.post('Debugger.getPossibleBreakpoints', {
          start: { scriptId, ...(await this.#place(scriptId, start)) },
          end: { scriptId, ...(await this.#place(scriptId, end)) },
          restrictToFunction: true,
        });
        const [location] = locations;
        if (location === undefined) continue;
        const condition = `(globalThis.${RECORD}.add(${index}), false)`;
        // Two functions may begin at one place: then the first one's breakpoint stands for both.
        const set = await this.#session.post('Debugger.setBreakpoint', { location, condition }).catch(() => undefined);
        if (set !== undefined) breakpoints.push(set.breakpointId);
      }
      await happens();
    } finally {
      for (const breakpointId of breakpoints) await this.#session.post('Debugger.removeBreakpoint', { breakpointId });
      Reflect.deleteProperty(globalThis, RECORD);
    }
    const first = [...order];
    const rest = functions.map((_, index) => index).filter((index) => !order.has(index));
    return [...first, ...rest].map((index) => {
      const { file, name, line } = functions[index]!;
      return { file, name, line };
    });
  }

  async #place(scriptId: string, offset: number): Promise<{ lineNumber: number; columnNumber: number }> {
    let lines = this.#lines.get(scriptId);
    if (lines === undefined) {
      const { scriptSource } = await this.#session.post('Debugger.getScriptSource', { scriptId });
      lines = [0, ...[...scriptSource.matchAll(/\n/g)].map(({ index }) => index + 1)];
      this.#lines.set(scriptId, lines);
    }
    let lineNumber = lines.findLastIndex((begins) => begins <= offset);
    if (lineNumber < 0) lineNumber = 0;
    return { lineNumber, columnNumber: offset - (lines[lineNumber] ?? 0) };
  }

  async #sourceLine(url: string, scriptId: string, offset: number): Promise<number> {
    const { lineNumber, columnNumber } = await this.#place(scriptId, offset);
    const entry = findSourceMap(fileURLToPath(url))?.findEntry(lineNumber, columnNumber);
    return (entry !== undefined && 'originalLine' in entry ? entry.originalLine : lineNumber) + 1;
  }
}
