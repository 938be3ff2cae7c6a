import IR
import Optimizer
import Testing

@Suite struct CostTests {

  @Test func stepsCountAsOftenAsTheyAreDone() throws {
    let model = try ProductModel(
      """
      model M {
        dim m = 3, n = 4, batch = 2, steps = 5
        input x : f32[steps, batch, m]
        state h : f32[batch, n] = zeros
        param W : f32[m + n, n] = zeros
        param b : f32[n] = zeros
        scan t in steps {
          h = tanh(linear([x[t], h], W, b))
        }
        output h
      }
      """)
    let (forward, step) = (model.module.cost(ofEntry: 0), model.module.cost(ofEntry: 1))
    // 2 rows of 4 columns over 7 inputs, their bias, their tanh, and what the state keeps.
    #expect(step.flops == 2 * 2 * 4 * 7 + 8 + 8 + 8)
    #expect(forward.flops == 5 * step.flops)
    // Parts, weights, bias and sums; then sums and tanh; then that and states.
    #expect(step.bytes == 4 * (6 + 8 + 28 + 4 + 8 + 8 + 8 + 8 + 8))
    #expect(forward.nodes == 4 && step.nodes == 3)

    var fused = model
    try fused.apply(.fuseElementwise)
    // The sums and tanh are not stored.
    #expect(fused.module.cost(ofEntry: 1).bytes == step.bytes - 4 * 32)
  }

  @Test func gatheringReadsOneRow() throws {
    var model = try ProductModel(
      """
      model M {
        dim v = 100, n = 4, batch = 2
        input i : index<v>[batch]
        param W : f32[v, n] = zeros
        output y = linear(one_hot(i), W)
      }
      """)
    #expect(model.module.cost(ofEntry: 0).flops == 2 * 2 * 4 * 100)
    try model.apply(.gatherOneHot)
    #expect(model.lines(of: "forward").last == "y = linear([gather one_hot], W)")
    #expect(model.module.cost(ofEntry: 0).flops == 8)
    #expect(model.module.cost(ofEntry: 0).bytes == 4 * (2 + 8 + 8))
  }

}
