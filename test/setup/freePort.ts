export { freePort } from '#scripts/process/freePort.mjs';
