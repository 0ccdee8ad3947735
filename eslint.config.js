import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * For the settings in plain JavaScript: no tsconfig has them, so that oxlint, whose rules need types, does not read them. The rules of all
 * other files are in .oxlintrc.json: it has the same ones, and reads a file for all of them at once.
 */
export default tseslint.config(
  {
    ignores: ['node_modules/', 'dist/', 'dist.new/', 'dist.old/', 'coverage/', '.cache/', '.lading/', '.kafka/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.js', '**/*.cjs', '**/vite.config.mjs'],
    extends: [js.configs.recommended],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', module: 'writable', require: 'readonly' } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  // Whoever asks ESLint about another file, as an editor does, hears that it has nothing to say.
  { files: ['**/*.{ts,tsx}'], languageOptions: { parser: tseslint.parser } },
);
