import { describe, expect, test } from 'vitest';
import { hasOwnIds, processLimit } from '../../src/system/process-limit.js';

describe('the limit that Linux holds itself', () => {
  test('is that of the users of a namespace, where it has users of its own', () => {
    expect(processLimit(['unshare', '--user', '--pid'], 10)).toEqual({ ofUser: '40', endOfIds: '' });
  });

  test('never touches what root may do on the machine', () => {
    expect(processLimit(['unshare', '--pid'], 10).ofUser).toBe('');
  });

  test.runIf(process.platform === 'linux')('is beyond what runs already, where there is no namespace', () => {
    expect(Number(processLimit([], 10).ofUser)).toBeGreaterThan(40);
  });

  test.each([
    ['6.14.0', true],
    ['6.18.44-fc-v669', true],
    ['7.0.0-rc1', true],
    ['6.13.12', false],
    ['5.15.0-1071-azure', false],
    ['4.4.0', false],
    ['strange', false],
  ])('of ids is one of the machine on older systems, and left alone there: %s', (version, own) => {
    expect(hasOwnIds(version)).toBe(own);
  });
});
