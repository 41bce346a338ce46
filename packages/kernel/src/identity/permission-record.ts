/** How a permission was decided, as the entry holds it that needed it (INV-04). */
export interface PermissionRecord {
  readonly decision: 'ALLOW' | 'DENY' | 'ESCALATE';
  /** What decided: `grant call:host.fs.*`, `policy NAME`, `approval 17`, `default`, `token`. */
  readonly by: string;
}
