package switchboard

import android.annotation.SuppressLint
import android.app.NotificationManager
import android.content.Context
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.util.Log
import kotlin.concurrent.thread

/**
 * The ring that goes on in this process, from whatever brought it to whatever stops it. One at a time,
 * and once for each id: a push may come twice. On the main thread alone.
 */
@SuppressLint("StaticFieldLeak") // the application's context
object Ringing {
    private const val REMEMBERED = 50

    private val main = Handler(Looper.getMainLooper())

    /** Call → the ticket of its ring that is over, null where none was known. */
    private val over = LinkedHashMap<String, String?>()
    private val listeners = LinkedHashSet<Listener>()
    private var watcher: RingWatcher? = null
    private var timeOut: Runnable? = null

    var ring: Ring? = null
        private set

    /** Answered before the app's own code ran: it asks for it when it is ready. */
    private var answered: String? = null

    interface Listener {
        /** Null: nothing rings any more. */
        fun onRing(ring: Ring?) {}

        fun onAnswered(id: String) {}

        /** Declined, or hung up, outside of the app's own screen. */
        fun onHungUp(id: String) {}
    }

    fun listen(listener: Listener) {
        listeners.add(listener)
    }

    fun unlisten(listener: Listener) {
        listeners.remove(listener)
    }

    fun onMain(work: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) work() else main.post(work)
    }

    /** False: it rings already, has rung, another one rings, or this phone is in a call. */
    fun start(context: Context, new: Ring): Boolean {
        val app = context.applicationContext
        val current = ring
        if (current?.id == new.id) {
            // The app heard of it first, and the push has the ticket.
            if (current.ticket == null && new.ticket != null) watch(app, new)
            return false
        }
        if (current != null || CallService.isTalking || isOver(new)) return false
        show(app, new)
        watch(app, new)
        return true
    }

    fun stop(context: Context, id: String) {
        forgetLater(id)
        if (ring?.id != id) return
        ring = null
        watcher?.stopWatching()
        watcher = null
        timeOut?.let(main::removeCallbacks)
        timeOut = null
        CallService.stopRinging(context.applicationContext)
        listeners.toList().forEach { it.onRing(null) }
    }

    /** In an activity, or on the way to one. */
    fun answer(context: Context, given: Ring) {
        val app = context.applicationContext
        val known = ring?.takeIf { it.id == given.id } ?: given
        stop(app, known.id)
        answered = known.id
        if (known.ticket != null) {
            thread(name = "switchboard-accept") { TicketClient(app, known).accept() }
        }
        listeners.toList().forEach { it.onAnswered(known.id) }
    }

    /**
     * [done] when the server knows it, or the ring is over by itself: a network that is missing now may
     * come back before. True: there was a ticket to say so with.
     */
    fun decline(context: Context, given: Ring, done: () -> Unit = {}): Boolean {
        val app = context.applicationContext
        val known = ring?.takeIf { it.id == given.id } ?: given
        if (known.ticket != null) CallService.declining()
        stop(app, known.id)
        listeners.toList().forEach { it.onHungUp(known.id) }
        if (known.ticket == null) {
            done()
            return false
        }
        thread(name = "switchboard-decline") {
            sayNo(TicketClient(app, known), known)
            done()
            main.post { CallService.declined() }
        }
        return true
    }

    private fun sayNo(client: TicketClient, ring: Ring) {
        while (isWorthAnother(client.decline()) && ring.leftMs > 0) {
            Thread.sleep(minOf(2_000L, maxOf(1L, ring.leftMs)))
        }
    }

    private fun isWorthAnother(answer: Answer): Boolean =
        when (answer) {
            is Answer.Ok -> false
            is Answer.Refused -> answer.status == 429 || answer.status >= 500
            is Answer.Unreachable -> true
        }

    fun takeAnswered(): String? = answered.also { answered = null }

    private fun show(app: Context, new: Ring) {
        ring = new
        try {
            CallService.startRinging(app, new)
        } catch (error: IllegalStateException) {
            // FCM has taken the high priority away, so no service may start: a notification still may.
            Log.w("switchboard", "a ring may not start a service")
            val manager = app.getSystemService(NotificationManager::class.java)
            manager.notify(Notifications.CALL_ID, Notifications.ringing(app, new))
        }
        endAfter(app, new)
        listeners.toList().forEach { it.onRing(new) }
    }

    private fun watch(app: Context, new: Ring) {
        ring = new
        watcher?.stopWatching()
        watcher = RingWatcher(
            app,
            new,
            onRinging = { call -> main.post { update(app, new.id, call) } },
            onOver = { cause -> main.post { overBy(app, new.id, cause) } },
        ).also { it.start() }
    }

    private fun overBy(app: Context, id: String, cause: String) {
        Log.i("switchboard", "a ring has ended: $cause")
        stop(app, id)
    }

    /** The server's own count of what is left, and the name that a short push has left out. */
    private fun update(app: Context, id: String, call: LookedAt) {
        val current = ring?.takeIf { it.id == id } ?: return
        val new = current.copy(
            name = current.name ?: call.callerName,
            isVideo = call.isVideo,
            endsAt = SystemClock.elapsedRealtime() + call.ringMs,
        )
        ring = new
        endAfter(app, new)
        if (new.name == current.name && new.isVideo == current.isVideo) return
        app.getSystemService(NotificationManager::class.java)
            .notify(Notifications.CALL_ID, Notifications.ringing(app, new))
        listeners.toList().forEach { it.onRing(new) }
    }

    private fun endAfter(app: Context, current: Ring) {
        timeOut?.let(main::removeCallbacks)
        val end = Runnable { overBy(app, current.id, "over") }
        timeOut = end
        main.postDelayed(end, maxOf(0L, current.leftMs))
    }

    /** Whoever is rung again in the same call gets another ticket; a push that comes twice has the same. */
    private fun isOver(new: Ring): Boolean {
        if (new.leftMs <= 0) return true
        if (new.id !in over) return false
        val ended = over[new.id]
        return ended == null || new.ticket == null || new.ticket == ended
    }

    private fun forgetLater(id: String) {
        val ticket = ring?.takeIf { it.id == id }?.ticket ?: over[id]
        over.remove(id)
        over[id] = ticket
        while (over.size > REMEMBERED) over.remove(over.keys.first())
    }
}
