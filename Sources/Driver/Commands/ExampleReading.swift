import Diagnostics
import IR
import Runner
import Tensors
import Training

/// The rows that a model takes from tensors.
struct ExampleReading {

  /// The examples, or `nil` if the tensors are those of one call.
  let feed: ExampleFeed?

  /// The states that each example starts at, as many as there are examples.
  let states: [RowTensor]

  /// The axis of the examples, by the names of outputs and states that have one.
  let axes: [String: Int]

  /// The tensors that every call gets.
  let others: [String: Tensor]

  /// Divides `tensors`, named after inputs, labels and states of `module`, into rows and what every
  /// call gets.
  ///
  /// They are rows if a tensor has another number of them than a batch takes, or `asksForRows` is
  /// true, and those of one call otherwise. Throws if a tensor of rows does not fit, there are
  /// fewer states than rows, or more, or there is no row, or fewer than a batch takes and `isWhole`
  /// is true.
  init(
    _ tensors: [String: Tensor], of module: Module, asksForRows: (ExamplePort) -> Bool,
    isWhole: Bool
  ) throws(RunnerError) {
    guard !tensors.isEmpty, let port = try? ExamplePort(module) else {
      (feed, states, axes, others) = (nil, [], [:], tensors)
      return
    }
    let inputs = port.inputs.filter { tensors[$0.name] != nil && port.axis(of: $0) != nil }
    let hasRows = inputs.contains { input in
      guard let axis = port.axis(of: input), var shape = tensors[input.name]?.shape,
        shape.count == input.type.shape.count, shape[axis] != port.batch
      else { return false }
      shape[axis] = port.batch
      return shape == port.value(input).shape
    }
    guard !inputs.isEmpty, hasRows || asksForRows(port) else {
      (feed, states, axes, others) = (nil, [], [:], tensors)
      return
    }
    try port.checkOthers(tensors)
    var columns: [RowTensor] = []
    for input in inputs {
      guard let tensor = tensors[input.name], let axis = port.axis(of: input) else { continue }
      columns.append(try RowTensor(tensor, for: port.value(input), axis: axis))
    }
    let set = try ExampleSet(columns)
    guard set.count >= (isWhole ? port.batch : 1) else {
      throw port.tooFew(set.count)
    }
    var states: [RowTensor] = []
    for state in module.states {
      guard let tensor = tensors[state.name], let axis = port.axis(of: state.type) else { continue }
      let value = port.value(state.name, state.type)
      let rows = try RowTensor(tensor, for: value, axis: axis)
      guard rows.count == set.count else {
        throw RunnerError(
          .input,
          "'\(state.name)' has \(counted(rows.count, "row")) along axis \(axis), expected "
            + "\(set.count), one for each row of '\(columns[0].name)'")
      }
      states.append(rows)
    }
    self.states = states
    let names = Set(columns.map(\.name))
    feed = ExampleFeed(set, port.roles(names))
    axes = port.resultAxes
    let given = names.union(states.map(\.name))
    others = tensors.filter { !given.contains($0.key) }
  }

}

extension ExamplePort {

  /// Throws if one of `tensors` is for an input or a state that has a part for each example, but no
  /// axis of them: a call would take the parts of other examples.
  fileprivate func checkOthers(_ tensors: [String: Tensor]) throws(RunnerError) {
    let values = inputs.map { ($0.name, $0.type) } + module.states.map { ($0.name, $0.type) }
    for (name, type) in values where tensors[name] != nil && axis(of: type) == nil {
      let depends = type.shape.contains { extent in
        extent.expanded(in: module.dimensions)?.dimensions.contains(rows) ?? true
      }
      guard depends else { continue }
      throw RunnerError(
        .input,
        "'\(name)' is \(type.description(in: module.dimensions)), which has no axis of "
          + "'\(module.dimensions[rows].name)' alone, so it cannot be given for rows")
    }
  }

  /// Returns an error reporting that there are `count` rows, fewer than a batch takes.
  func tooFew(_ count: Int) -> RunnerError {
    let name = module.dimensions[rows].name
    let advice = count > 0 ? "; --dim \(name)=\(count) takes all of them at once" : ""
    return RunnerError(
      .input, "there are \(count) rows, but a batch takes \(batch)" + advice)
  }

}
