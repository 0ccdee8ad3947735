export { freshDatabase } from './freshDatabase.ts';
