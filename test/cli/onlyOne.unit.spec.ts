import { describe, expect, it } from 'vitest';
import { onlyOne } from '../../scripts/ensure/onlyOne.mjs';

describe('setting up a checkout', () => {
  it('fails where nobody may write, and does not wait for a lock that cannot be made', async () => {
    const work = onlyOne(async () => 'done', '/sys/setting-up');
    await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/^(EROFS|EACCES|EPERM|ENOENT)$/) });
  });
});
