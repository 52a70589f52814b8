/// Gives every file of a torrent a path of its own, and every link a target in the torrent.
struct FileNames {
  /// More equal names than this are no accident.
  static let duplicateLimit = 500
  /// Links that lead to links, followed at most so often.
  private static let hopLimit = 16
  /// What following all links may take, in elements of paths; who exceeds it wants to waste time.
  private var stepsLeft = 1_000_000

  private var folders: Set<PathKey> = [PathKey()]
  private var taken: Set<PathKey> = []
  private var links: [PathKey: [String]] = [:]

  /// Renames what is there twice, and drops targets that do not exist.
  static func settle(_ files: inout [FileDraft]) throws(MetainfoError) {
    var names = FileNames()
    for file in files where !file.isPad { names.addFolders(of: file) }
    var duplicates = 0
    for index in files.indices where !files[index].isPad && !files[index].path.isEmpty {
      if names.take(&files[index].path) { continue }
      duplicates += 1
      guard duplicates <= duplicateLimit else {
        throw .tooManyDuplicates(limit: duplicateLimit)
      }
    }
    names.resolveLinks(&files)
  }

  private mutating func addFolders(of file: FileDraft) {
    var key = PathKey()
    for element in file.path.dropLast() {
      key.append(element)
      folders.insert(key)
    }
  }

  /// Takes the path, or the first numbered variant that is free; whether it was the path itself.
  private mutating func take(_ path: inout [String]) -> Bool {
    guard let name = path.last else { return true }
    let folder = PathKey(path.dropLast())
    if takeIfFree(name, in: folder) { return true }
    var number = 0
    repeat {
      number += 1
      path[path.count - 1] = PathCleaner.numbered(name, number)
    } while !takeIfFree(path[path.count - 1], in: folder)
    return false
  }

  private mutating func takeIfFree(_ name: String, in folder: PathKey) -> Bool {
    var key = folder
    key.append(name)
    return !folders.contains(key) && taken.insert(key).inserted
  }

  private mutating func resolveLinks(_ files: inout [FileDraft]) {
    for file in files {
      if let target = file.symlinkTarget { links[PathKey(file.path)] = target }
    }
    for index in files.indices {
      guard let target = files[index].symlinkTarget, !exists(target) else { continue }
      files[index].symlinkTarget = nil
    }
  }

  /// Whether `target`, links on the way followed, is a file or folder of the torrent.
  private mutating func exists(_ target: [String]) -> Bool {
    var rest = target[...]
    var key = PathKey()
    var hops = 0
    while let element = rest.popFirst() {
      stepsLeft -= 1
      guard stepsLeft > 0 else { return false }
      key.append(element)
      guard let next = links[key] else { continue }
      hops += 1
      guard hops <= Self.hopLimit else { return false }
      rest = next[...] + rest
      key = PathKey()
    }
    return folders.contains(key) || taken.contains(key)
  }
}
