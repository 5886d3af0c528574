import UIKit

/// Looks at the call as long as it rings, over a connection of its own: the one way that stops a ring
/// at once on every phone. A network that fails stops nothing: the phone rings as long as it may.
final class RingWatcher {
  private let client: TicketClient
  private let onRinging: (LookedAt) -> Void
  private let onOver: (String) -> Void
  private var after: Int?
  private var task: URLSessionTask?
  private var time: Timer?
  private var isStopped = false
  private var background = UIBackgroundTaskIdentifier.invalid

  init(
    _ ring: Ring, onRinging: @escaping (LookedAt) -> Void, onOver: @escaping (String) -> Void
  ) {
    client = TicketClient(ring: ring)
    self.onRinging = onRinging
    self.onOver = onOver
    endAfter(ring.endsAt)
  }

  func start() {
    background = UIApplication.shared.beginBackgroundTask(withName: "ring") { [weak self] in
      self?.letSleep()
    }
    guard client.ring.ticket != nil else { return } // the app brought it, and has a feed of its own
    client.alerting { [weak self] _ in self?.look() }
  }

  func stop() {
    isStopped = true
    task?.cancel()
    time?.invalidate()
    letSleep()
  }

  private func look() {
    if isStopped { return }
    task = client.look(after: after) { [weak self] answer in self?.hear(answer) }
  }

  private func hear(_ answer: Answer) {
    if isStopped { return }
    switch answer {
    case .ok(let json):
      guard let call = LookedAt(json) else { return lookLater() }
      guard call.rings else { return over(call.cause) }
      after = call.version
      endAfter(.now() + .seconds(call.ringSeconds))
      onRinging(call)
      look()
    case .refused(404, _), .refused(403, _):
      over("ended") // gone, or none of this phone's any more
    case .refused, .unreachable:
      lookLater()
    }
  }

  private func lookLater() {
    DispatchQueue.main.asyncAfter(deadline: .now() + 2) { [weak self] in self?.look() }
  }

  private func endAfter(_ end: DispatchTime) {
    let now = DispatchTime.now().uptimeNanoseconds
    let left = end.uptimeNanoseconds > now ? end.uptimeNanoseconds - now : 0
    time?.invalidate()
    time = Timer.scheduledTimer(withTimeInterval: Double(left) / 1e9, repeats: false) {
      [weak self] _ in self?.over("over")
    }
  }

  private func over(_ cause: String) {
    if isStopped { return }
    stop()
    onOver(cause)
  }

  private func letSleep() {
    if background == .invalid { return }
    UIApplication.shared.endBackgroundTask(background)
    background = .invalid
  }
}
