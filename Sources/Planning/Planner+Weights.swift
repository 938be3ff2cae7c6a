import IR

/// What is to be packed, while an entry is planned.
struct PackSpec {

  var weight: Value
  var rows: Range<Int>
  var columns: Range<Int>
  var segments: Range<Int>
  var units: Int
  var vectors: Int

}

/// What a weight is packed for, while an entry is planned.
enum PackUse {

  case panels
  case table(bias: Value?)

}

extension GraphPlanner {

  /// Returns the place of the packed weight that `spec` asks for.
  ///
  /// It is made once in `bind` if that knows the weight, otherwise here and now.
  mutating func pack(_ spec: PackSpec, as use: PackUse) -> Place {
    if !isBind, let recipe = recipe(for: spec, use) {
      let name = "\(name(of: recipe.source)) in \(use.isTable ? "rows" : "panels")"
      return Place(.weight(weights.pack(recipe, name: name, lanes: machine.lanes)))
    }
    var layout = Pack.Layout.panels
    if case .table(let bias) = use { layout = .table(bias: bias.map { dense($0).place }) }
    return emitPack(view(spec.weight), spec, layout, output: nil)
  }

  private mutating func dense(_ v: Value) -> View {
    let view = view(v)
    if view.isDense { return view }
    let copy = newTensor("bias", shape: view.shape, scalar: .float)
    self.copy(view, to: copy, counts: view.shape.map { .fixed($0) })
    return copy
  }

  /// Returns the recipe for what `spec` asks for, if `bind` can follow it.
  private func recipe(for spec: PackSpec, _ use: PackUse) -> PackRecipe? {
    guard let source = weightSource(spec.weight) else { return nil }
    var layout = PackRecipe.Layout.panels
    if case .table(let bias) = use {
      var biasSource: WeightSource?
      if let bias {
        guard let found = weightSource(bias) else { return nil }
        biasSource = found
      }
      layout = .table(bias: biasSource)
    }
    return PackRecipe(
      layout: layout, source: source, rows: spec.rows, columns: spec.columns,
      segments: spec.segments, units: spec.units, vectors: spec.vectors)
  }

  private func weightSource(_ v: Value) -> WeightSource? {
    guard case .source(let source) = graph.op(of: v) else { return nil }
    return WeightSource(source)
  }

  /// Emits the packing of `weight` and returns the place of the result.
  private mutating func emitPack(
    _ weight: View, _ spec: PackSpec, _ layout: Pack.Layout, output: Place?
  ) -> Place {
    let isVector = weight.shape.count == 1
    let rowStride = isVector ? 0 : weight.strides[0]
    var source = weight.place
    source.offset += spec.rows.lowerBound * rowStride
    let panel = spec.vectors * machine.lanes
    let panels = (spec.units + panel - 1) / panel
    let count = spec.rows.count * spec.segments.count * panels * panel
    let output = output ?? Place(.buffer(buffer("packed", count: count)))
    emit(
      .pack(
        Pack(
          layout: layout, source: source, rowStride: rowStride,
          columnStride: weight.strides[weight.strides.count - 1], depth: .fixed(spec.rows.count),
          room: spec.rows.count,
          columns: spec.columns, segments: spec.segments, units: spec.units,
          vectors: spec.vectors, output: output)))
    return output
  }

  /// Makes the tensor `item` of the block of weights, in the section `bind`.
  mutating func makeWeight(_ item: ID<WeightItem>, _ making: WeightPlanner.Making) {
    let target = Place(.weight(item))
    switch making {
    case .dense(.constant): break  // The constants come first.
    case .dense(let source):
      let view = view(of: source)
      copy(
        view, to: View(dense: target, shape: view.shape, scalar: view.scalar),
        counts: view.shape.map { .fixed($0) })
    case .packed(let recipe):
      let spec = PackSpec(
        weight: Value(ID(0)), rows: recipe.rows, columns: recipe.columns,
        segments: recipe.segments, units: recipe.units, vectors: recipe.vectors)
      var layout = Pack.Layout.panels
      if case .table(let bias) = recipe.layout {
        layout = .table(bias: bias.map { view(of: $0).place })
      }
      _ = emitPack(view(of: recipe.source), spec, layout, output: target)
    }
  }

  /// Returns the view of `source` in the section `bind`.
  private mutating func view(of source: WeightSource) -> View {
    switch source {
    case .parameter(let p):
      return View(
        dense: Place(.parameter(p)), shape: sizes(module.parameters[p].type), scalar: .float)
    case .constant(let c):
      let shape = sizes(module.constants[c].type)
      let item = weights.copy(
        of: source, name: module.constants[c].name, count: shape.reduce(1, *))
      return View(
        dense: Place(.weight(item)), shape: shape,
        scalar: Scalar32(module.constants[c].type.element))
    case .bound(let i): return view(module.bind.results[i].value)
    }
  }

  /// Returns the elements of constant `c`.
  func contents(_ c: ID<Constant>) -> Literal.Contents {
    switch module.constants[c].initial {
    case .zeros: return .constant(0)
    case .ones: return .constant(1)
    case .iota: return .iota
    case .constant(let x): return .constant(x.value(in: module.dimensions))
    case .literal(let elements): return .elements(elements.map(\.value))
    case .uniform, .normal, .scaled, .parameter:
      preconditionFailure("constants are written in the text")
    }
  }

}

extension PackUse {

  fileprivate var isTable: Bool {
    if case .table = self { return true }
    return false
  }

}
