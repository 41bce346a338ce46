/** As seconds and nanoseconds: an SDK takes a number of milliseconds before the process began for something else. */
export function timeOf(ms: number): [seconds: number, nanoseconds: number] {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
}
