/** Files out of a drag: loose ones, and those in folders with their paths. */

const read = <T>(call: (done: (value: T) => void, failed: (error: DOMException) => void) => void): Promise<T> => new Promise(call);

async function walk(entry: FileSystemEntry, folder: string): Promise<File[]> {
  if (entry.isDirectory) return walkFolder(entry as FileSystemDirectoryEntry, `${folder}${entry.name}/`);
  const file = await read<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
  // A dropped file says nothing of its folder; a picked one does, by this property.
  if (folder) Object.defineProperty(file, "webkitRelativePath", { value: folder + file.name });
  return [file];
}

async function walkFolder(directory: FileSystemDirectoryEntry, path: string): Promise<File[]> {
  const reader = directory.createReader();
  const files: File[] = [];
  for (;;) {
    const entries = await read<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!entries.length) return files;
    for (const entry of entries) files.push(...(await walk(entry, path)));
  }
}

/** `entries` are what was dropped, `files` the loose files among it: all that there is where a browser has no entries. */
export async function droppedFiles(entries: FileSystemEntry[], files: File[]): Promise<File[]> {
  return entries.length ? (await Promise.all(entries.map((entry) => walk(entry, "")))).flat() : files;
}
