import Diagnostics
import Driver
import Foundation

let ending = Command.dispatch(
  CommandLineArguments.processWords, console: Console.standard())
switch ending {
case .status(let status):
  exit(status)
case .interrupted(let number):
  // Whoever started this program is to see that the signal ended it.
  signal(number, SIG_DFL)
  raise(number)
  exit(128 + number)
}
