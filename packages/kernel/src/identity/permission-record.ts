/** How a permission was decided, as the entry holds it that needed it (INV-04). */
export interface PermissionRecord {
  readonly decision: 'ALLOW' | 'DENY' | 'ESCALATE';
  /**
   * What decided, in one of these forms, which are part of the log's format: `grant INDEX ACTION:RESOURCE` (the index in the
   * holder's token, by which uses are counted), `policy NAME`, `approval ID`, `default`, `token`, `operator`, `kernel`.
   */
  readonly by: string;
}
