import Foundation
import Runner

exit(RunnerCommand.run(Array(CommandLine.arguments.dropFirst())).deliver())
