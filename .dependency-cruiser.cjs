/**
 * The arrows of the architecture (CONTRIBUTING.md draws them). A library may import exactly the libraries listed with it;
 * every other arrow between libraries is an error.
 */
const MAY_IMPORT = {
  contracts: [],
  proofs: [],
  ledger: ['contracts'],
  platform: ['contracts'],
  servers: ['platform'],
  journal: ['contracts', 'ledger', 'proofs', 'platform'],
  feed: ['contracts', 'journal', 'platform'],
  intake: ['contracts', 'journal', 'platform'],
  projections: ['contracts', 'ledger', 'feed', 'platform'],
  checkpoints: ['contracts', 'proofs', 'journal', 'feed', 'platform'],
  audit: ['contracts', 'ledger', 'proofs', 'journal', 'feed'],
  evidence: ['proofs', 'journal', 'checkpoints'],
};

const SPEC = '[.](unit|int|e2e)[.]spec[.]ts$';

const arrows = Object.entries(MAY_IMPORT).map(([lib, allowed]) => ({
  name: `${lib}-imports-only-what-it-may`,
  comment: `libs/${lib} may import: ${allowed.join(', ') || 'no other library'}.`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: SPEC },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...allowed].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-circular',
      comment: 'A circle means that two files are one thing, or that a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-libs-do-no-io',
      comment:
        'The domain, the contracts and the proofs run without a framework, a database, a broker, a disk or a network.',
      severity: 'error',
      from: { path: '^libs/(contracts|ledger|proofs)/src/', pathNot: SPEC },
      to: {
        path: [
          'node_modules/(@nestjs|@fastify|fastify|pg|pg-cursor|kafkajs|typeorm|pino|pino-http|nestjs-pino|nestjs-zod|reflect-metadata)/',
          '^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster)$',
          '^(node:)?(fs|dns)/promises$',
        ],
      },
    },
    {
      name: 'libs-know-no-apps',
      severity: 'error',
      from: { path: '^libs/', pathNot: SPEC },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-know-no-other-apps',
      comment: 'Only the command line composes the modules of several apps, for `lading up`.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: `^apps/cli/|${SPEC}` },
      // The events of the memo are data, which the dashboard plays, too.
      to: { path: '^apps/', pathNot: '^apps/($1/|cli/src/scenarios/memo/.*[.]json$)' },
    },
    {
      name: 'the-dashboard-is-for-browsers',
      comment:
        'The page imports what a browser can run: the contracts, the proofs, the checks of evidence, and packages that are bundled into it.',
      severity: 'error',
      from: { path: '^apps/dashboard/src/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/(contracts|proofs|evidence/src/(check|words|readEvidenceFile)[.]ts)' },
    },
    {
      name: 'the-dashboard-uses-nothing-of-node',
      severity: 'error',
      from: { path: '^apps/dashboard/src/', pathNot: SPEC },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'production-knows-no-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { path: `^test/|${SPEC}` },
    },
    {
      name: 'production-uses-no-scripts',
      comment: 'Scripts belong to the checkout: what is built and shipped does without them.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { path: '^scripts/' },
    },
    {
      name: 'only-declared-dependencies',
      comment: 'What production code imports must be in "dependencies".',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-resolvable',
      comment:
        'What the page imports is looked for by its own TypeScript and by Vite, which know how a browser finds it.',
      severity: 'error',
      from: { pathNot: '^apps/dashboard/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      // Without exportsFields some packages are "not resolvable".
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
};
