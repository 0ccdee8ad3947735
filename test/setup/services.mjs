/**
 * What globalSetup started and globalTeardown stops: both run in the same process.
 * @type {{
 *   folder?: string,
 *   postgres?: import('#servers/postgres/cluster.mjs').Cluster,
 *   kafka?: Promise<import('#servers/kafka/broker.mjs').Broker>,
 *   starter?: import('node:http').Server,
 * }}
 */
export const services = {};
