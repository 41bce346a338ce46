/** The part of the Standard Schema contract (https://standardschema.dev, version 1) that the kernel relies on. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** The Standard JSON Schema contract, for those that can: the schema as data, so that a change of it can be seen. */
    readonly jsonSchema?: Readonly<Record<'input' | 'output', (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>>> | undefined;
  };
}

/** A schema as JSON Schema; null if there is none, or if it has no such form. */
export function jsonSchemaOf(schema: StandardSchema | undefined, side: 'input' | 'output'): unknown {
  try {
    return schema?.['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? null;
  } catch {
    // Says so of what JSON Schema has no words for: a transformation, for instance.
    return null;
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];

/** A schema that checks nothing beyond JSON and gives arguments their type: for trusted callers and small programs. */
export function unchecked<Value>(): StandardSchema<Value> {
  return { '~standard': { version: 1, vendor: 'omnipaw', validate: (value) => ({ value: value as Value }) } };
}

/** Issues in one line, each with its path: `path: Required; depth: Expected number`. */
export function issuesText(issues: readonly SchemaIssue[]): string {
  return issues.map((issue) => `${pathText(issue)}${issue.message}`).join('; ');
}

export function pathOf(issue: SchemaIssue): readonly PropertyKey[] {
  return (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
}

function pathText(issue: SchemaIssue): string {
  const path = pathOf(issue).map(String).join('.');
  return path === '' ? '' : `${path}: `;
}
