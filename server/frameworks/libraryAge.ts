/** Whether a version, `"2.3.1"`, is certainly before another; none is the newest. */
export function isOlder(version: string | null, [major, minor]: readonly [number, number]): boolean {
  const parts = version?.match(/^(\d+)\.(\d+)/);
  if (!parts) return false;
  return Number(parts[1]) < major || (Number(parts[1]) === major && Number(parts[2]) < minor);
}
