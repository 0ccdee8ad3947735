import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The rules that need no types. Those that do are in .oxlintrc.json: oxlint has them from TypeScript's own checker in a fifth of the time. */
export default tseslint.config(
  {
    ignores: ['node_modules/', 'dist/', 'dist.new/', 'dist.old/', 'coverage/', '.cache/', '.lading/', '.kafka/'],
  },
  js.configs.recommended,
  tseslint.configs.strict,
  tseslint.configs.stylistic,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Nest modules are classes that hold nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Shapes are written as the contract writes them, by `type`, also where nothing is computed.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // A file is one thing, and a function one step of it. Longer ones were always two.
    files: ['apps/**/*.{ts,tsx,mjs}', 'libs/**/*.{ts,mjs}'],
    ignores: ['**/*.spec.ts'],
    rules: { 'max-lines': ['error', 300], 'max-lines-per-function': ['error', 60] },
  },
  {
    // Plain Node that runs before anything is installed or built; its types are written as JSDoc and checked by tsc.
    files: ['**/*.mjs'],
    rules: {
      // tsc knows the globals.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/vite.config.mjs'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', module: 'writable', require: 'readonly' } },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      // A test may promise that something is there: if it is not, the test fails with the line that said so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo|failing)$/]',
          message: 'Every test runs, every time. (Without Kafka, describeKafka skips, and says so.)',
        },
      ],
    },
  },
);
