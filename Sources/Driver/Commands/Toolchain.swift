import Runner

/// The Swift compiler and the cache of what it made.
struct Toolchain {

  let cache: CompileCache
  let compiler: SwiftCompiler

  /// Finds both as `options` and the environment of `console` say.
  init(_ options: CompilingOptions, console: Console) throws(EnvironmentError) {
    cache = try CompileCache(environment: console.environment)
    compiler = try SwiftCompiler.find(
      option: options.compilerPath, environment: console.environment, cache: cache)
  }

  /// Returns the library of `compilation`, from the cache if that has it.
  func library(of compilation: Compilation) throws(EnvironmentError) -> CompileCache.Library {
    try cache.library(
      for: compilation.file.text, moduleName: compilation.file.symbolPrefix,
      target: compilation.options.target, compiler: compiler,
      extraFlags: compilation.options.mapsToGraph ? ["-g"] : [])
  }

  /// Returns `compilation` loaded into this process, from the cache's folder.
  func model(of compilation: Compilation) throws -> CompiledModel {
    try compilation.options.target.checkLoadable()
    let library = try library(of: compilation)
    // The cache has paths of its own making, in its own folder.
    let name = String(library.path.dropFirst(cache.folder.count + 1))
    let manifest = compilation.manifest(compiler: compiler.version, library: name)
    return try CompiledModel(manifest, folder: cache.folder)
  }

}
