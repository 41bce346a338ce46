/** What every contender of the durable tool loop does a step with: about 200 bytes of arguments, and as many of result. */
export const argsOf = (agent, step) => ({
  path: `src/module-${agent}/file-${step % 97}.ts`,
  query: 'find every function that takes more than three parameters and say why',
  options: { caseSensitive: false, limit: 50, offset: step },
  tags: ['review', 'parameters'],
});

export const resultOf = (step) => ({
  matches: step % 7,
  first: { line: (step * 31) % 400, text: 'export function reconcile(previous, next, options, callback) {' },
  truncated: false,
  note: 'the fourth parameter is a callback and could be a promise',
});
