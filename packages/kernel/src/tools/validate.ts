import { describeThrown, OmniError } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { Tool } from './define-tool.js';
import { isThenable } from './thenable.js';
import { issuesText, type SchemaIssue, type SchemaResult, type StandardSchema } from './standard-schema.js';

/**
 * What the tool is called with: the arguments as its schema made them; undefined if they can only be judged later.
 *
 * A tick is synchronous and replays, so a schema that answers later can't take part.
 */
export function validateInput(tool: Tool, args: Json, isKnownLater: (issue: SchemaIssue) => boolean = () => false): unknown {
  const result = runSchema(tool, args);
  if (isThenable(result)) {
    // Its answer is nobody's any more, and a rejection of it must not end the process.
    Promise.resolve(result).catch(() => undefined);
    throw new OmniError('TOOL_INPUT_INVALID', `The input schema of tool "${tool.name}" is asynchronous. Use one that validates synchronously.`);
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.filter((issue) => !isKnownLater(issue));
  if (issues.length === 0) return undefined;
  throw new OmniError(
    'TOOL_INPUT_INVALID',
    `The arguments of tool "${tool.name}" do not fit its input schema: ${issuesText(issues)}.`,
    { details: { tool: tool.name, issues: issuesText(issues) } },
  );
}

/** Some validators write into what they check; what is recorded is frozen, and so they get a copy. */
function runSchema(tool: Tool, args: Json): ReturnType<StandardSchema['~standard']['validate']> {
  const schema = tool.input['~standard'];
  try {
    return schema.validate(args);
  } catch {
    try {
      return schema.validate(JSON.parse(JSON.stringify(args)));
    } catch (cause) {
      throw new OmniError('TOOL_INPUT_INVALID', `The input schema of tool "${tool.name}" threw: ${describeThrown(cause)}`, { cause });
    }
  }
}

export function validateOutput(tool: Tool, schema: StandardSchema, value: unknown): unknown {
  const result = schema['~standard'].validate(value);
  return isThenable(result)
    ? Promise.resolve(result).then((later) => acceptOutput(tool, later))
    : acceptOutput(tool, result);
}

function acceptOutput(tool: Tool, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new OmniError(
    'TOOL_OUTPUT_INVALID',
    `The result of tool "${tool.name}" does not fit its output schema: ${issuesText(result.issues)}. Mend the tool or the schema.`,
    { details: { tool: tool.name, issues: issuesText(result.issues) } },
  );
}
