/** From which sides the jury looks at a patch. */
export const JURORS = ['reader', 'planner', 'patcher'] as const;
export type Juror = (typeof JURORS)[number];
