import Diagnostics
import IR
import Runner
import Tensors
import Training

/// The rows that a model takes from tensors.
struct ExampleReading {

  /// The examples, or `nil` if the tensors are those of one call.
  let feed: ExampleFeed?

  /// The axis of the examples, by the names of outputs that have one.
  let outputAxes: [String: Int]

  /// The tensors that every call gets.
  let others: [String: Tensor]

  /// Divides `tensors`, named after inputs and labels of `module`, into rows and what every call gets.
  ///
  /// They are rows if a tensor has another number of them than a batch takes, or `asksForRows` is true,
  /// and those of one call otherwise. Throws if a tensor of rows does not fit, or there is no row, or
  /// fewer than a batch takes and `isWhole` is true.
  init(
    _ tensors: [String: Tensor], of module: Module, asksForRows: (ExamplePort) -> Bool,
    isWhole: Bool
  ) throws(RunnerError) {
    guard !tensors.isEmpty, let port = try? ExamplePort(module) else {
      (feed, outputAxes, others) = (nil, [:], tensors)
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
      (feed, outputAxes, others) = (nil, [:], tensors)
      return
    }
    var columns: [RowTensor] = []
    for input in inputs {
      guard let tensor = tensors[input.name], let axis = port.axis(of: input) else { continue }
      columns.append(try RowTensor(tensor, for: port.value(input), axis: axis))
    }
    let set = try ExampleSet(columns)
    guard set.count >= (isWhole ? port.batch : 1) else {
      throw port.tooFew(set.count)
    }
    let names = Set(columns.map(\.name))
    feed = ExampleFeed(set, port.roles(names))
    outputAxes = port.outputAxes
    others = tensors.filter { !names.contains($0.key) }
  }

}

extension ExamplePort {

  /// Returns an error reporting that there are `count` rows, fewer than a batch takes.
  func tooFew(_ count: Int) -> RunnerError {
    let name = module.dimensions[rows].name
    let advice = count > 0 ? "; --dim \(name)=\(count) takes all of them at once" : ""
    return RunnerError(
      .input, "there are \(count) rows, but a batch takes \(batch)" + advice)
  }

}
