/** The arguments of a tool. */
import * as v from 'valibot';
import { words } from './words.js';

/** A schema of arguments that says in words what does not fit: one thing of each argument. */
export function argumentsOf<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const standard = schema['~standard'];
  return {
    ...schema,
    '~standard': {
      ...standard,
      validate: (value: unknown) => {
        const { success, output, issues } = v.safeParse(schema, value, { message: words, abortPipeEarly: true });
        return success ? { value: output } : { issues: issues.map((issue) => ({ ...issue, message: `${issue.message}${found(issue)}` })) };
      },
    },
  };
}

/** Of a text nothing is shown, which may be a secret; a number is none. */
function found({ kind, input }: v.BaseIssue<unknown>): string {
  return kind === 'validation' && typeof input === 'number' ? `, and is ${input}` : '';
}
