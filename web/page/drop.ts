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

export const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // The list of items is emptied as soon as this task ends: take everything out of it first.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const loose = Array.from(transfer.files);
  if (!entries.length) return loose;
  return (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
}
