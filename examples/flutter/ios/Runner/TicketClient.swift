import Foundation

/// What came of a request.
enum Answer {
  case ok([String: Any])
  /// The code is the server's word, where the answer is its own.
  case refused(Int, code: String?)
  case unreachable
}

/// Asks the server in the name of a ring's ticket, where nobody has an ID token. Answers on the main
/// queue.
struct TicketClient {
  let ring: Ring

  private static let session: URLSession = {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    return URLSession(configuration: configuration)
  }()

  /// Held open until the call is another than `after`, for 25 s at most.
  func look(after: Int?, done: @escaping (Answer) -> Void) -> URLSessionTask? {
    guard let after = after else { return ask("GET", "", seconds: 5, done: done) }
    return ask("GET", "?waitSeconds=25&after=\(after)", seconds: 35, done: done)
  }

  func alerting(done: @escaping (Answer) -> Void) {
    _ = ask("POST", "/alerting", body: [:], seconds: 5, done: done)
  }

  func decline(done: @escaping (Answer) -> Void) {
    _ = ask("POST", "/decline", body: ["reason": "declined"], seconds: 5, done: done)
  }

  /// Takes the seat for this phone and stops the others. The way into the room wants an ID token.
  func accept(done: @escaping (Answer) -> Void) {
    _ = ask("POST", "/accept", body: ["deviceId": Installation.id], seconds: 5, done: done)
  }

  private func ask(
    _ method: String, _ path: String, body: [String: Any]? = nil, seconds: TimeInterval,
    done: @escaping (Answer) -> Void
  ) -> URLSessionTask? {
    let address = "\(Installation.baseUrl)/\(ring.id.inSmallLetters)\(path)"
    guard let ticket = ring.ticket, let url = URL(string: address) else {
      DispatchQueue.main.async { done(.refused(401, code: nil)) }
      return nil
    }
    var request = URLRequest(url: url, timeoutInterval: seconds)
    request.httpMethod = method
    request.setValue("Bearer \(ticket)", forHTTPHeaderField: "Authorization")
    if let body = body {
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
      request.httpBody = try? JSONSerialization.data(withJSONObject: body)
    }
    let task = TicketClient.session.dataTask(with: request) { data, response, _ in
      let answer = TicketClient.read(data, response)
      DispatchQueue.main.async { done(answer) }
    }
    task.resume()
    return task
  }

  private static func read(_ data: Data?, _ response: URLResponse?) -> Answer {
    guard let status = (response as? HTTPURLResponse)?.statusCode else { return .unreachable }
    let json = data.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
    guard (200...299).contains(status) else {
      return .refused(status, code: json?["code"] as? String)
    }
    guard let answered = json else { return .unreachable } // the login page of a hotel
    return .ok(answered)
  }
}
