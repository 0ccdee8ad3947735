/**
 * What globalSetup started and globalTeardown stops: both run in the same process.
 * @type {{
 *   folder?: string,
 *   postgres?: import('../../scripts/postgres/cluster.mjs').Cluster,
 *   kafka?: Promise<import('../../scripts/kafka/broker.mjs').Broker>,
 *   starter?: import('node:http').Server,
 * }}
 */
export const services = {};
