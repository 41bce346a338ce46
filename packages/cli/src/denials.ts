/** What of a log is a denial, pure: who looks for somebody that reaches out finds it here. */

const CODES: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'PRIVILEGE_ESCALATION_ATTEMPT', 'RATE_LIMITED']);

/** Whether an agent was denied something, or a tool on its way: what a plugin asks for and has no permission for. */
export function isDenial({ kind, data }: { readonly kind: string; readonly data: object }): boolean {
  const { error, toolPermission } = data as { readonly error?: { readonly code?: unknown }; readonly toolPermission?: { readonly decision?: unknown } };
  return kind === 'REFUSED' ? CODES.has(error?.code) : kind === 'TOOL_ASKED' && toolPermission?.decision === 'DENY';
}
