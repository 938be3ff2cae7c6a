import Diagnostics
import Foundation
import Runner

exit(RunnerCommand.run(CommandLineArguments.processWords).deliver())
