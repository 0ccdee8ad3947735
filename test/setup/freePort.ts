export { freePort } from '#servers/process/freePort.mjs';
