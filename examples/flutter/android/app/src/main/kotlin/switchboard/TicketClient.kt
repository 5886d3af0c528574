package switchboard

import android.content.Context
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import org.json.JSONException
import org.json.JSONObject

/** What came of a request. */
sealed class Answer {
    class Ok(val json: JSONObject) : Answer()

    class Refused(val status: Int) : Answer()

    object Unreachable : Answer()
}

/** Asks the server in the name of a ring's ticket, where nobody has an ID token. Not on the main thread. */
class TicketClient(context: Context, private val ring: Ring) {
    private val installationId = Installation.id(context)
    private val callUrl = "${Installation.baseUrl(context)}/${ring.id}"

    /** Held open until the call is another than [after], for 25 s at most. */
    fun look(after: Long?): Answer =
        if (after == null) {
            ask("GET", "", null, SHORT_MS)
        } else {
            ask("GET", "?waitSeconds=25&after=$after", null, HELD_MS)
        }

    fun alerting(): Answer = ask("POST", "/alerting", JSONObject(), SHORT_MS)

    fun decline(): Answer =
        ask("POST", "/decline", JSONObject().put("reason", "declined"), SHORT_MS)

    /** Takes the seat for this phone and stops the others. The way into the room wants an ID token. */
    fun accept(): Answer =
        ask("POST", "/accept", JSONObject().put("deviceId", installationId), SHORT_MS)

    private fun ask(method: String, path: String, body: JSONObject?, timeoutMs: Int): Answer {
        val ticket = ring.ticket ?: return Answer.Refused(401)
        return try {
            val connection = URL(callUrl + path).openConnection() as HttpURLConnection
            try {
                connection.requestMethod = method
                connection.connectTimeout = SHORT_MS
                connection.readTimeout = timeoutMs
                connection.useCaches = false
                connection.setRequestProperty("Authorization", "Bearer $ticket")
                if (body != null) {
                    connection.doOutput = true
                    connection.setRequestProperty("Content-Type", "application/json")
                    connection.outputStream.use { it.write(body.toString().toByteArray()) }
                }
                val status = connection.responseCode
                if (status in 200..299) {
                    val text = connection.inputStream.use { it.readBytes().decodeToString() }
                    Answer.Ok(JSONObject(text))
                } else {
                    Answer.Refused(status)
                }
            } finally {
                connection.disconnect()
            }
        } catch (error: IOException) {
            Answer.Unreachable
        } catch (error: JSONException) {
            Answer.Unreachable // the login page of a hotel
        }
    }

    private companion object {
        const val SHORT_MS = 5_000
        const val HELD_MS = 35_000
    }
}
