import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addSigningKeys } from './signingKeys.ts';

it('the help of a rotation says its time of grace as it is written', () => {
  const program = new Command();
  addSigningKeys(program);
  const rotate = program.commands[0]?.commands.find((command) => command.name() === 'rotate');
  expect(rotate?.helpInformation()).toMatch(/--grace <time> .*\(default: 30d\)/s);
});
