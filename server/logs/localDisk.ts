import { statfs } from "node:fs";

/** Of file systems on a disk or in memory, by statfs(2)'s `f_type` (linux/magic.h): ext2 to ext4, XFS, Btrfs, F2FS, ZFS, tmpfs, overlayfs. */
const localTypes: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630,
]);

/** Whether reading the file waits for a disk at most, never for a network. Known on Linux only; elsewhere false. */
export function isOnLocalDisk(path: string): Promise<boolean> {
  if (process.platform !== "linux") {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    statfs(path, (error, status) => resolve(error === null && localTypes.has(status.type)));
  });
}
