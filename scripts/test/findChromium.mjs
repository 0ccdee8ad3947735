import { existsSync } from 'node:fs';

/** Debian's package first, and where other systems and packages put theirs. */
const USUAL_PLACES = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/snap/bin/chromium'],
  ...['/usr/bin/google-chrome-stable', '/usr/bin/google-chrome', '/opt/google/chrome/chrome'],
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * The browser of the tests and of the screenshots: CHROMIUM_PATH and no other where it is set, else the first that is in one of the usual places.
 * @param {string | undefined} chosen
 * @returns {string | undefined} undefined where there is none
 */
export function findChromium(chosen = process.env.CHROMIUM_PATH) {
  const places = chosen === undefined || chosen === '' ? USUAL_PLACES : [chosen];
  return places.find((path) => existsSync(path));
}

export const NO_CHROMIUM =
  'no Chromium was found, at CHROMIUM_PATH or in the usual places: apt-get install chromium, or set CHROMIUM_PATH to one';
