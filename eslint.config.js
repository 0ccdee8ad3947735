import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: ['node_modules/', 'dist/', 'dist.new/', 'dist.old/', 'coverage/', '.cache/', '.lading/', '.kafka/'],
  },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './apps/dashboard/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Nest modules are classes that hold nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Numbers in messages are what a reader wants to see; objects and possible nulls stay refused.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Shapes are written as the contract writes them, by `type`, also where nothing is computed.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // A handler may be async because its port is, without waiting for anything itself.
      '@typescript-eslint/require-await': 'off',
      // The project has no enums, and to look for them takes a fifth of all linting.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
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
      // A JSDoc cast is in the comment, where these two do not look.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/vite.config.mjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: { process: 'readonly', URL: 'readonly', module: 'writable', require: 'readonly' },
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      // A test may promise that something is there: if it is not, the test fails with the line that said so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Jest's matchers take methods by reference.
      '@typescript-eslint/unbound-method': 'off',
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
